package config

// completions ask brunt itself what may come next.
var completions = map[string]string{
	"bash": "complete -C brunt brunt",
	"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -C brunt brunt",
	"fish": "complete -f -c brunt -a '(COMP_LINE=(commandline -cp) brunt)'",
}

// Completion is the completion script of a shell: bash, zsh or fish.
func Completion(shell string) string { return completions[shell] }
