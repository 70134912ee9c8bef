"""HTTP/1.1 for the till: llhttp reads the requests (httptools), asyncio moves the bytes, and what is between is here.

A general server hands each request from its own thread to the event loop and back, which costs more than the till's
work on it (docs/decisions/0013). Here everything happens on the loop that runs the batches.
"""
