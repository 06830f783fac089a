"""How each shape of a student's API is called: one small module for each.

Both sides. The worker gets a module's text and calls its builders; the trusted side reads `NEEDS` only.

Each module has, for every kind of layer that it can call, a function
``kind(student, params, arrays, settings) -> adapter``: `student` is the student's module, `params` and
`arrays` are the case's, `settings` comes from the assignment file. The adapter's ``forward(*inputs)`` returns
the output, its ``backward(*grad_output)`` yields (part, value) pairs.
"""
