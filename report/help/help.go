package help

import (
	"embed"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

//go:embed *.md
var files embed.FS

// Topic is one text of the manual.
type Topic struct {
	Name  string // as in brunt help NAME
	Title string // one line
	Text  string // the whole text in Markdown, title included
}

// Topics returns all topics, sorted by name.
func Topics() []Topic {
	entries, _ := files.ReadDir(".") // embedded: it cannot fail
	topics := make([]Topic, 0, len(entries))
	for _, entry := range entries {
		text, _ := files.ReadFile(entry.Name())
		title, _, _ := strings.Cut(string(text), "\n")
		topics = append(topics, Topic{
			Name:  strings.TrimSuffix(entry.Name(), ".md"),
			Title: strings.TrimPrefix(title, "# "),
			Text:  string(text),
		})
	}
	return topics
}

// Names returns the names of all topics, sorted.
func Names() []string {
	var names []string
	for _, topic := range Topics() {
		names = append(names, topic.Name)
	}
	return names
}

// Show writes the text that a command line asks for, and reports whether it asks for
// one: only "help TOPIC" and "version" do. No grammar is needed to answer them, which
// would take longer than the answer. A shell that asks for completions asks for none.
func Show(out io.Writer, args []string, version func() string) (shown bool, err error) {
	switch {
	case os.Getenv("COMP_LINE") != "":
		return false, nil
	case len(args) == 1 && args[0] == "version":
		if _, err := fmt.Fprintln(out, version()); err != nil {
			return true, fmt.Errorf("version: %w", err)
		}
		return true, nil
	case len(args) != 2 || args[0] != "help":
		return false, nil
	}
	for _, topic := range Topics() {
		if topic.Name == args[1] {
			_, err := io.WriteString(out, topic.Text)
			return true, err
		}
	}
	return false, nil
}

// List writes the names and titles of all topics, one per line.
func List(out io.Writer) error {
	if _, err := fmt.Fprint(out, "\nTopics (brunt help TOPIC):\n"); err != nil {
		return err
	}
	lines := tabwriter.NewWriter(out, 0, 0, 4, ' ', 0)
	for _, topic := range Topics() {
		fmt.Fprintf(lines, "  %s\t%s\n", topic.Name, topic.Title)
	}
	return lines.Flush()
}
