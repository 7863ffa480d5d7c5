package help

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// Topics are read in a terminal as they are: prose keeps to 88 columns, and what
// is to be copied, or a small table, to 120.
func TestTopicsAreReadInATerminal(t *testing.T) {
	if len(Topics()) < 10 {
		t.Fatalf("%d topics", len(Topics()))
	}
	for _, topic := range Topics() {
		if !strings.HasPrefix(topic.Text, "# "+topic.Title+"\n\n") {
			t.Errorf("%s: begins with no title", topic.Name)
		}
		if len(topic.Name)+len(topic.Title) > 74 {
			t.Errorf("%s: the title is too long for the list", topic.Name)
		}
		code := false
		for n, line := range strings.Split(topic.Text, "\n") {
			widest := 88
			if strings.HasPrefix(line, "```") {
				code = !code
			}
			if code || strings.HasPrefix(line, "|") {
				widest = 130
			}
			if utf8.RuneCountInString(line) > widest {
				t.Errorf("%s.md:%d: over %d columns", topic.Name, n+1, widest)
			}
		}
		if code || regexp.MustCompile(`\]\(`).MatchString(topic.Text) {
			t.Errorf("%s: code that does not end, or a link, which a terminal does not show", topic.Name)
		}
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct {
		args  string
		shown bool
	}{
		{"help figures", true}, {"help attack", false}, {"help", false}, {"figures", false}, {"help figures more", false},
		{"version", true}, {"version --help", false}, {"--version", false}, {"version more", false}, {"", false},
	} {
		var out strings.Builder
		shown, err := Show(&out, strings.Fields(c.args), func() string { return "brunt 1" })
		if err != nil || shown != c.shown || (out.Len() > 0) != shown {
			t.Errorf("%q: %v, %v, %d bytes", c.args, shown, err, out.Len())
		}
	}
}

// A shell sets COMP_LINE and gives the words too: it wants what may come next.
func TestShowLeavesCompletions(t *testing.T) {
	t.Setenv("COMP_LINE", "brunt version")
	var out strings.Builder
	if shown, err := Show(&out, []string{"version"}, func() string { return "brunt 1" }); shown || err != nil || out.Len() > 0 {
		t.Errorf("%v, %v, %q", shown, err, out.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestShowSaysWhatWasNotWritten(t *testing.T) {
	shown, err := Show(full{}, []string{"version"}, func() string { return "brunt 1" })
	if !shown || err == nil || err.Error() != "version: disk full" {
		t.Errorf("%v, %v", shown, err)
	}
}
