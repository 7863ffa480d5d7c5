package generate

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"brunt/payloads/dataset"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// datasetPrompts are the first requests of a dataset's conversations.
type datasetPrompts struct {
	*dataset.Reader
	options *Options
	named   bool // the format was recognised, or given
	read    int
	timed   bool
	tokens  uint64 // of made-up prompts
	made    int    // such prompts
	later   int    // turns left out
	talks   int    // conversations that these are of
	answers int    // recorded ones
	text    []byte
	quoted  []byte
}

func openDataset(content *file.Mapping, format dataset.Format, in *Options) (*datasetPrompts, error) {
	r, err := dataset.Open(content, format)
	if err != nil {
		return nil, err
	}
	return &datasetPrompts{Reader: r, options: in, named: in.From != "" || format != dataset.VLLM}, nil
}

func (d *datasetPrompts) next() (prompt, error) {
	if d.options.Count > 0 && d.read == d.options.Count {
		return prompt{}, io.EOF
	}
	c, err := d.Next()
	if err != nil {
		return prompt{}, err
	}
	if n := len(c.Turns); n > 1 {
		d.later += n - 1
		d.talks++
	}
	t := &c.Turns[0]
	if t.Answer != nil {
		d.answers++
	}
	p := prompt{messages: t.Messages, system: t.System, outputTokens: t.OutputTokens, body: t.Body, at: c.At}
	if c.At != dataset.NoTime {
		d.timed = true
	} else if d.timed {
		d.Leave("request without a time")
	}
	if t.Extra != nil {
		var what string
		if p.extra, what = readMembers(members{}, t.Extra); what != "" {
			return prompt{}, d.Problem("extra: " + what)
		}
	}
	if printable(c.Name) {
		p.name = c.Name
	}
	if t.Body != nil && d.options.used() != 0 {
		d.Leave("payload sent as it stands, without what the options add")
	}
	if t.InputTokens > 0 {
		p.text = d.madeUp(t)
	}
	d.read++
	return p, nil
}

// madeUp is the prompt of a request that is known by its length only.
func (d *datasetPrompts) madeUp(t *dataset.Turn) []byte {
	d.text = appendBlocks(d.text[:0], d.options.Seed, uint64(d.read), t.Blocks, t.BlockTokens, t.InputTokens)
	d.quoted = jsonscan.AppendString(d.quoted[:0], d.text)
	d.tokens += uint64(t.InputTokens)
	d.made++
	return d.quoted
}

// printable reports whether a name can be that of requests.
func printable(name []byte) bool {
	const longest = 256 // bytes, as in lines of the request format
	return len(name) > 0 && len(name) <= longest && !slices.ContainsFunc([]rune(string(name)), func(r rune) bool {
		return !strconv.IsPrint(r)
	})
}

// tell says what the reader of the bodies should know of how they were made.
func tell(w io.Writer, list prompts) {
	say := func(format string, args ...any) {
		fmt.Fprintf(w, "brunt: payloads make: "+format+"\n", args...)
	}
	if c, ok := list.(*csvPrompts); ok && w != nil && len(c.unused) > 0 {
		say("columns that are not used: %s", show.Printable(listed(c.unused)))
	}
	d, ok := list.(*datasetPrompts)
	if w == nil || !ok {
		return
	}
	if d.named {
		say("read as a dataset of the format %s: %s", d.Format, show.Counted(d.read, "request", "requests"))
	}
	if d.later > 0 {
		say("only the first turn of conversations is written: %s of %s left out",
			show.Counted(d.later, "later turn", "later turns"), show.Counted(d.talks, "conversation", "conversations"))
	}
	if d.answers > 0 {
		say("recorded answers are not used, and set no limit of tokens: %s",
			show.Counted(d.answers, "request", "requests"))
	}
	for _, note := range d.Notes() {
		say("%s", show.Printable(note))
	}
	if d.made > 0 {
		noteTokens(w, d.tokens, d.made)
	}
	if d.timed {
		say("lines say when requests came: brunt attack --replay sends them at these times")
	}
}
