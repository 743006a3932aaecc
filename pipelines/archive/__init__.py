"""The archive: WARC files which hold every capture, the only input of everything after fetching.

``warc`` writes and reads the files, ``index`` finds captures by address, time and source, ``pending`` remembers
which captures a store has still to take, ``retention`` deletes what is too old.
"""
