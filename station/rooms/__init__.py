"""The rooms behind the page, each as the page asks for it."""
