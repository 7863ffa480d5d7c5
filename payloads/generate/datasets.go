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

// datasetPrompts are the turns of a dataset's conversations.
type datasetPrompts struct {
	*dataset.Reader
	options *Options
	named   bool // the format was recognised, or given
	read    int
	timed   bool
	tokens  uint64         // of made-up prompts
	made    int            // such prompts
	later   int            // turns left out
	talks   int            // conversations of several turns
	answers int            // recorded ones that are not used
	session []dataset.Turn // turns of the conversation that are yet to come
	turn    int            // number of the next of them
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
	if len(d.session) > 0 {
		return d.laterTurn()
	}
	if d.options.Count > 0 && d.read >= d.options.Count {
		return prompt{}, io.EOF
	}
	c, err := d.Next()
	if err != nil {
		return prompt{}, err
	}
	d.turn = 0
	if n := len(c.Turns); n > 1 {
		d.talks++
		if d.options.FirstTurn {
			d.later += n - 1
		} else {
			d.session = c.Turns[1:]
		}
	}
	p, err := d.prompt(&c.Turns[0])
	if err != nil {
		return p, err
	}
	if p.at = c.At; c.At != dataset.NoTime {
		d.timed = true
	} else if d.timed {
		d.Leave("request without a time")
	}
	if printable(c.Name) {
		p.name = c.Name
	}
	return p, nil
}

// laterTurn is the next one of the conversation that has begun.
func (d *datasetPrompts) laterTurn() (prompt, error) {
	t := &d.session[0]
	d.session = d.session[1:]
	p, err := d.prompt(t)
	p.at, p.think, p.system = dataset.NoTime, t.Delay, true // which the first turn has
	return p, err
}

// prompt is what one turn asks.
func (d *datasetPrompts) prompt(t *dataset.Turn) (prompt, error) {
	p := prompt{messages: t.Messages, system: t.System, outputTokens: t.OutputTokens, body: t.Body}
	if len(d.session) > 0 || d.turn > 0 {
		p.session, p.reply = d.talks, answerText(t.Answer)
	}
	d.turn++
	if t.Answer != nil && p.reply == nil {
		d.answers++
	}
	if t.Extra != nil {
		var what string
		if p.extra, what = readMembers(members{}, t.Extra); what != "" {
			return prompt{}, d.Problem("extra: " + what)
		}
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

// answerText is the text of a recorded answer that is one message, as a JSON string; nil
// where it is none.
func answerText(messages []byte) []byte {
	end := jsonscan.SkipValue(messages, 0, 1)
	if end < 0 || jsonscan.SkipSpace(messages, end) != len(messages) {
		return nil
	}
	if content := jsonscan.Member(messages, "content"); jsonscan.IsAt(content, 0, '"') {
		return content
	}
	return nil
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
	if d.talks > 0 && d.later == 0 {
		say("lines with a session are the turns of %s: brunt attack sends each once the reply before it is in",
			show.Counted(d.talks, "conversation", "conversations"))
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
