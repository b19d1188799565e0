"""What can be asked of a picture or a prompt: questions, and what is measured for them; pure."""
