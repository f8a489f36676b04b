"""The registry over HTTP: a file for each subject, and in ``desk`` what they all do in the same way.

What may be done, and by whom, is decided by the services of ``control.registry``; here it only becomes HTTP.
"""
