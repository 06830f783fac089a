"""How each shape of a student's API is called: one small module for each.

Both sides. The worker gets a module's text and lets it call; the trusted side asks which of the student's
names it needs and which cases it can express. A module has

- ``interface(settings)``, as the shipped ones, which are tables of calls: see `grader.worker.interface`; or
- ``NEEDS`` and, for each kind of layer, ``kind(student, params, arrays, settings) -> adapter``, as a course's
  own. The adapter's ``forward(*inputs)`` returns the output, its ``backward(*grad_output)`` yields
  (part, value) pairs.

`docs/interfaces.md` has an example of each.
"""
