"""What a hand does with the mouse: one small class for each gesture, from press to release."""
