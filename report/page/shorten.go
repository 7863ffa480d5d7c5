package page

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// What a browser loads has no comments and no spaces that say nothing: a fifth less.
// Names stay, so that an error names the place that it comes from.

// shortScript shortens a script.
func shortScript(text string) (string, error) {
	var b bytes.Buffer
	shorter := js.Minifier{KeepVarNames: true}
	if err := shorter.Minify(minify.New(), &b, strings.NewReader(text), nil); err != nil {
		return "", fmt.Errorf("a script of the page: %w", err)
	}
	return b.String(), nil
}

// style is these style sheets, shortened.
func style(names ...string) (string, error) {
	var all, b bytes.Buffer
	for _, name := range names {
		text, err := web.ReadFile("web/" + name)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	if err := (&css.Minifier{}).Minify(minify.New(), &b, &all, nil); err != nil {
		return "", fmt.Errorf("a style sheet of the page: %w", err)
	}
	return b.String(), nil
}
