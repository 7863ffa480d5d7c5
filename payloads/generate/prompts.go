package generate

import (
	"time"

	"brunt/payloads/dataset"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// prompt is what one chat body asks.
type prompt struct {
	text     []byte // as a JSON string
	messages []byte // the elements of a list of messages, instead
	system   bool   // among them is a system message

	outputTokens int     // the body's limit of tokens; 0 leaves it to the options
	extra        members // what this body alone gets
	body         []byte  // the whole body, instead of all of the above
	name         []byte  // of the request, for reports
	at           int64   // when the request came, ns, or dataset.NoTime

	session int           // number of the conversation that it is a turn of, 0 for none
	think   time.Duration // before it
	reply   []byte        // the recorded one, as a JSON string; nil without
}

// prompts reads one after the other; io.EOF stands behind the last.
type prompts interface {
	next() (prompt, error)
	// Problem makes an error of what is wrong with the prompt read last.
	Problem(what string) error
}

// openPrompts reads the file that the ending of its name says it is.
func openPrompts(content *file.Mapping, in *Options) (prompts, error) {
	lines := file.NewLines(content.Name, content.Data)
	from := in.From
	if from == "" && in.Path == file.Stdin {
		from = dataset.Detect(content.Data)
	}
	switch kind := file.Ending(in.Path); {
	case from != "":
		return openDataset(content, from, in)
	case in.Path == file.Stdin, kind == ".txt":
		return &textPrompts{Lines: lines}, nil
	case kind == ".jsonl", kind == ".ndjson":
		return openDataset(content, dataset.VLLM, in)
	case kind == ".csv":
		return openCSVPrompts(content, in)
	}
	return nil, lines.Problem(
		"not known how prompts stand in it; name it .txt (one on each line), .csv or .jsonl, or " +
			"the format of a dataset",
	)
}

// textPrompts are lines of text, kept to the byte, blank ones left out.
type textPrompts struct {
	*file.Lines
	quoted []byte
}

func (t *textPrompts) next() (prompt, error) {
	line, err := t.Next()
	if err != nil {
		return prompt{}, err
	}
	t.quoted = jsonscan.AppendString(t.quoted[:0], line)
	return prompt{text: t.quoted, at: dataset.NoTime}, nil
}
