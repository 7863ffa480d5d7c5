// Package help holds the topics that `brunt help TOPIC` prints: what figures
// mean, what messages ask for, how to do what the README only mentions. Each
// topic is one Markdown file of this directory, read as it stands on GitHub and
// in a terminal, so it has lists where a table would be wider than 100 columns.
//
//	*.md ──embed──> Topics ──> brunt help (the list), brunt help TOPIC (the text)
//
// To add a topic, add its file: the first line is "# " and its title. Commands
// that begin with "$ " are run by a test.
//
// May import: nothing of brunt.
package help
