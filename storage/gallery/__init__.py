"""Finished drawings as the gallery finds them: by words and marks, for whom, and who has a link."""
