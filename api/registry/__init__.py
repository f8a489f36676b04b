"""The registry over HTTP: a file for each subject, and beside them what they all do in the same way.

``operation`` wraps every view; ``payload``, ``conditions``, ``idempotency`` and ``paging`` are its parts. What may be
done, and by whom, is decided by the services of ``control.registry``; here it only becomes HTTP.
"""
