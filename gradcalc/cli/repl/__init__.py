"""`gradcalc repl`: a session with definitions, and its front ends. See README.md."""
