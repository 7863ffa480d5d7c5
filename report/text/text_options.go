package text

import (
	"io"
	"os"

	"golang.org/x/term"
)

// OptionsFor suits the text to what it is written to: the terminal's width and
// colour, or 80 plain columns.
func OptionsFor(w io.Writer) Options {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Options{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	_, noColour := os.LookupEnv("NO_COLOR")
	return Options{Width: width, Colour: !noColour && os.Getenv("TERM") != "dumb"}
}

// Options says what the text is written for.
type Options struct {
	// Width is the number of columns; 0 means 80, less than 40 means 40.
	Width int
	// Colour allows escape codes; without it there are none at all.
	Colour bool
}
