"""Applies the fixes of problems to the files of a stack, and keeps everything else in them as it is."""
