"""What is asked of a derivative beyond gradient and Hessian at a point. See README.md beside this file."""
