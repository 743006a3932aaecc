"""The archive: WARC files which hold every capture, the only input of everything after fetching.

``warc`` writes the files, ``captures`` reads them, ``pages`` reads those of others. All reading goes through
``framing``, which finds the records in spite of damage; ``packed`` and ``streams`` unpack files for it, ``checking``
and ``reporting`` report the damage. ``index`` finds captures by address, time and source, ``pending`` remembers which
captures a store has still to take, ``watch`` hands them to a stream, ``copying`` brings files from a remote archive
and sends them there, ``retention`` deletes what is too old.
"""
