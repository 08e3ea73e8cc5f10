"""One kernel that scores whole columns outside SQL: its source travels, and the model is data."""
