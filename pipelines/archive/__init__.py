"""The archive: WARC files that hold every capture, the only input of all steps after fetching.

``warc`` writes the files, ``captures`` reads them, and ``pages`` reads archives of other programs. All reading goes
through ``framing``, which finds the records in spite of damage; ``packed`` and ``streams`` unpack files for it;
``checking`` and ``reporting`` report the damage. ``index`` finds captures by address, time and source, ``pending``
records the captures that a store still lacks, ``watch`` hands them to a stream, ``copying`` copies files from and to a
remote archive, and ``retention`` deletes old files.
"""
