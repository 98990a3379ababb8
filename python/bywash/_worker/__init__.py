"""The processes that run functions. Nothing here is for import by a project.

Three stand in a line. The *warm* process has imported Arrow and runs no foreign code; for each call it forks a *guard*,
which forks the *run*: the one that imports the project's module and calls its function. Each call thus begins with a
fresh interpreter at the cost of a fork, and nothing that a module keeps can leak into the next. Whatever a run starts
becomes the guard's when the run ends, so the guard can end all of it.

The binary speaks to the warm process over the socket on standard input, and to each guard and run over sockets of their
own; a socket that closes means that the binary is gone, and everything ends.
"""
