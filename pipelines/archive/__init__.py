"""The archive: WARC files which hold every capture, the only input of everything after fetching.

``warc`` writes and reads the files, ``index`` finds captures by address, time and source, ``pending`` remembers
which captures a store has still to take, ``watch`` hands them to a stream, ``copying`` brings files from a remote
archive and sends them there, ``retention`` deletes what is too old.
"""
