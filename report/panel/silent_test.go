package panel

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

const silentVariable = "BRUNT_TEST_SILENT"

// TestTerminalIsNotAsked: a program with this package in it says nothing to its
// terminal by itself, and so waits for no answer. This terminal gives none.
func TestTerminalIsNotAsked(t *testing.T) {
	if os.Getenv(silentVariable) != "" {
		return // the child: all that matters came before
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTerminalIsNotAsked$")
	for _, pair := range os.Environ() { // CI switches colours off, and with them the question
		if name, _, _ := strings.Cut(pair, "="); name != "CI" && name != "NO_COLOR" && name != "TERM" {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, silentVariable+"=1", "TERM=xterm-256color")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	said, _ := io.ReadAll(terminal) // it ends with an error, as terminals do
	if err := cmd.Wait(); err != nil || !strings.Contains(string(said), "PASS") {
		t.Fatalf("%v: %q", err, said)
	}
	if strings.Contains(string(said), "\x1b") {
		t.Errorf("the terminal is asked: %q", said)
	}
}
