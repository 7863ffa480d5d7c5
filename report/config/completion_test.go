package config

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"brunt/payloads/needs"

	"github.com/alecthomas/kong"
)

// TestMain is a brunt that only completes, where a shell asks it to.
func TestMain(m *testing.M) {
	if os.Getenv("COMP_LINE") != "" {
		Complete(kong.Must(&shown{}, append(Grammar(), kong.Exit(os.Exit))...), nil)
	}
	os.Exit(m.Run())
}

type shown struct {
	Attack struct {
		Target string `arg:""`

		Load     `embed:""`
		Payloads `embed:""`
		T        Target `embed:""`
		Output   string `short:"o" enum:"text,json,none" default:"text"`
		Config   File   `predictor:"file"`
	} `cmd:""`
	Report struct {
		Files []string `arg:"" predictor:"file"`
	} `cmd:""`
	Completion CompletionCommand `cmd:""`
}

// shells run the script of brunt's completion and say what may come next after
// the line in LINE, each in its own way.
var shells = map[string][]string{
	"bash": {"bash", "-c", `source completion
read -ra COMP_WORDS <<<"$LINE"
[[ $LINE == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
$(complete -p brunt | sed 's/.*-F \([^ ]*\).*/\1/') brunt "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"`},
	"fish": {"fish", "--no-config", "-c", `source completion
complete -C "$LINE"`},
	// zsh completes in a terminal of its own, as it does for a person; compadd is
	// made to tell what it is given. _brunt is found by its first line.
	"zsh": {"zsh", "-f", "-c", `mkdir -p functions && cp completion functions/_brunt
zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z "PROMPT= PS2= ; fpath=($PWD/functions \$fpath); autoload -U compinit && compinit -u -C -d $PWD/dump"
zpty -w z 'compadd() { local -a all; all=("${(@P)@[-1]}"); print -rl -- "$IPREFIX"$^all >>'$PWD'/found; builtin compadd "$@"; }'
zpty -w z 'bindkey "^I" complete-word; print rea''dy'
zpty -r z line '*ready*'
zpty -w -n z "$LINE"$'\t'
zpty -w -n z $'\C-e\C-u'"print do''ne"$'\n'
zpty -r z line '*done*'
sort -u found 2>/dev/null`},
}

// alike are lines that zsh treats as it does others.
var alike = []string{"brunt help comp", "brunt attack x --order ", "brunt attack x -o j", "brunt attack x --payloads bod", "brunt attack x --ca ca", "brunt completion ", "brunt attack x -H 'A: b' --config bo"}

// TestShells: subcommands, flags, the words of an enum and files, in the shells
// themselves.
func TestShells(t *testing.T) {
	needs.Time(t)
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"brunt": "#!/bin/sh\nexec '" + own + "'\n", "bodies.jsonl": "{}", "folder/inner.jsonl": "{}", "ca.pem": ""} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for shell, command := range shells {
		t.Run(shell, func(t *testing.T) {
			needs.Program(t, command[0])
			if err := os.WriteFile(filepath.Join(dir, "completion"), []byte(completions[shell]+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			for line, want := range map[string]string{
				"brunt att":                            "attack",
				"brunt completion ":                    "bash fish zsh",
				"brunt help comp":                      "completion",
				"brunt attack x --order ":              "random sequential shuffle",
				"brunt attack x --order=s":             "sequential shuffle",
				"brunt attack x -o j":                  "json",
				"brunt attack x --payload-f":           "--payload-format",
				"brunt attack x -p bod":                "bodies.jsonl",
				"brunt attack x --payloads bod":        "bodies.jsonl",
				"brunt attack x --payloads=bod":        "bodies.jsonl",
				"brunt attack x --ca ca":               "ca.pem",
				"brunt attack x -c 5 -p folder/in":     "folder/inner.jsonl",
				"brunt report fol":                     "folder/ folder/inner.jsonl",
				"brunt attack x -H 'A: b' --config bo": "bodies.jsonl",
				"brunt attack x -r ":                   "",
			} {
				if shell == "zsh" && slices.Contains(alike, line) {
					continue // a terminal of its own for each takes long
				}
				// A terminal of a busy machine may lose what is typed before it is ready.
				for try := 1; ; try++ {
					found, out, err := completed(command, dir, line)
					if strings.Join(found, " ") == want {
						break
					}
					if try == 3 || shell != "zsh" {
						t.Errorf("%q: %q, %v", line, out, err)
						break
					}
				}
			}
		})
	}
}

// completed is what a shell offers after the line, in order, and all that it said.
func completed(shell []string, dir, line string) (found []string, out []byte, err error) {
	_ = os.Remove(filepath.Join(dir, "found"))
	cmd := exec.Command(shell[0], shell[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LINE="+line, "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "TERM=dumb")
	out, err = cmd.CombinedOutput()
	found = strings.Fields(string(out))
	for i, word := range found { // some shells give the flag again
		found[i] = word[strings.LastIndex(word, "=")+1:]
	}
	slices.Sort(found)
	return found, out, err
}

// TestFilesAreCompleted: every flag that names a file completes one.
func TestFilesAreCompleted(t *testing.T) {
	for _, leaf := range kong.Must(&shown{}, append(Grammar(), kong.Writers(io.Discard, io.Discard))...).Model.Leaves(false) {
		for _, f := range leaf.Flags {
			if strings.HasPrefix(f.PlaceHolder, "FILE") && f.Tag.Get("predictor") != "file" {
				t.Errorf("--%s", f.Name)
			}
		}
	}
}
