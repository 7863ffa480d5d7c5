package config

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/posener/complete"
	"github.com/willabides/kongplete"
)

// completions ask brunt itself what may come next, by the variable COMP_LINE.
// It answers with one possible word per line, and takes the value of --flag=value
// for a word of its own.
var completions = map[string]string{
	"bash": `_brunt() {
	local IFS=$'\n' line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
	if [ -n "$COMP_LINE" ]; then
		line="${COMP_LINE:0:COMP_POINT}"
	fi
	COMPREPLY=($(COMP_LINE="$line" COMP_POINT= "${1/#\~/$HOME}" 2>/dev/null))
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
		compopt -o nospace 2>/dev/null
	fi
	if [ ${#COMPREPLY[@]} -gt 0 ]; then
		COMPREPLY=($(printf '%q\n' "${COMPREPLY[@]}"))
	fi
}
complete -F _brunt brunt`,

	"zsh": `#compdef brunt
_brunt() {
	local -a found folders
	found=("${(@f)$(COMP_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" ${~words[1]} 2>/dev/null)}")
	[[ $PREFIX == --*=* ]] && compset -P '*='
	found=(${found:#})
	folders=(${(M)found:#*/})
	found=(${found:#*/})
	(( $#folders )) && compadd -S '' -a folders
	(( $#found )) && compadd -a found
	(( $#folders + $#found ))
}
if [ "$funcstack[1]" = "_brunt" ]; then
	_brunt
else
	compdef _brunt brunt
fi`,

	"fish": `function __brunt_complete
	set -l words (commandline -opc)
	set -l before (string match -r '^--[^=]+=' -- (commandline -ct))
	for found in (COMP_LINE=(commandline -cp) $words[1] 2>/dev/null)
		printf '%s\n' "$before$found"
	end
end
complete -c brunt -f -a '(__brunt_complete)'`,
}

// CompletionCommand prints the completion script of a shell.
type CompletionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help gives two examples.
func (*CompletionCommand) Help() string {
	return `Examples:
  source <(brunt completion bash)
  brunt completion fish > ~/.config/fish/completions/brunt.fish`
}

// Run prints the script.
func (c *CompletionCommand) Run(k *kong.Kong) error {
	_, err := io.WriteString(k.Stdout, completions[c.Shell]+"\n")
	return err
}

// Complete answers a shell that asks what may come next, and ends the process
// then. The topics are what may follow the word help beside commands.
func Complete(parser *kong.Kong, topics []string) {
	commands := slices.Clone(topics)
	for _, node := range parser.Model.Children {
		commands = append(commands, node.Name)
	}
	kongplete.Complete(parser,
		kongplete.WithPredictor("file", complete.PredictFunc(files)),
		kongplete.WithPredictor("command", complete.PredictSet(commands...)))
}

// files are those that the last word may become.
func files(a complete.Args) []string {
	typed, home := a.Last, ""
	if rest, ok := strings.CutPrefix(typed, "~/"); ok {
		if dir, err := os.UserHomeDir(); err == nil {
			home = dir
			a.Last = filepath.Join(dir, rest)
			if rest == "" || strings.HasSuffix(rest, "/") {
				a.Last += "/"
			}
		}
	}
	found := complete.PredictFiles("*").Predict(a)
	slices.Sort(found)
	found = slices.DeleteFunc(
		found,
		func(name string) bool { return name == "./" || name == a.Last && strings.HasSuffix(name, "/") },
	)
	if home != "" {
		for i, name := range found {
			found[i] = "~" + strings.TrimPrefix(name, home)
		}
	}
	return found
}
