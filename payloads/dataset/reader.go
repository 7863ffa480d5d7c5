package dataset

import (
	"fmt"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// Reader reads the conversations of one dataset, one after the other.
type Reader struct {
	// Format is the one that is read.
	Format Format

	content *file.Mapping
	entries entries
	left    []remark
	now     Conversation
}

// entries is what the formats differ in.
type entries interface {
	// entry fills in the reader's conversation with the next entry. False means
	// that the entry was left out, which the reader has been told.
	entry(r *Reader) (bool, error)
	Problem(what string) error
}

// remark is one thing that was left out, with how often and first where.
type remark struct {
	what  string
	n     int
	first string // a place, "file:line"
}

// maxRemarks bounds how many different things are told one by one.
const maxRemarks = 20

// Open reads the file from its beginning, in the format given.
func Open(content *file.Mapping, format Format) (*Reader, error) {
	r := &Reader{Format: format, content: content}
	content.Release(0) // a second reader begins again
	switch format {
	case Azure, BurstGPT:
		t, err := openTrace(content, format, r)
		if err != nil {
			return nil, err
		}
		r.entries = t
	case ShareGPT:
		r.entries = &shareGPT{rows: openRows(content)}
	case AIPerf:
		r.entries = &aiperf{rows: openRows(content)}
	case Mooncake:
		r.entries = &mooncake{rows: openRows(content), block: 512, unit: 6}
	case Bailian:
		r.entries = &mooncake{rows: openRows(content), block: 16, unit: 9}
	case VLLM:
		r.entries = &prompts{rows: openRows(content)}
	default:
		return nil, fmt.Errorf("dataset format %q: expected %s", format, Words())
	}
	return r, nil
}

// Words lists the formats as words.
func Words() string {
	var words []string
	for _, f := range Formats {
		words = append(words, string(f))
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// Next returns the next conversation, valid until the next call; io.EOF behind
// the last. Errors name the file and the line.
func (r *Reader) Next() (*Conversation, error) {
	for {
		if at, ok := r.entries.(rows); ok { // a table is not read by its mapping
			r.content.Release(at.offset())
		}
		r.now = Conversation{At: NoTime, Turns: r.now.Turns[:0]}
		ok, err := r.entries.entry(r)
		if err != nil {
			return nil, err
		}
		if ok {
			return &r.now, nil
		}
	}
}

// Problem makes an error of what is wrong with the conversation read last.
func (r *Reader) Problem(what string) error { return r.entries.Problem(what) }

// Leave counts something that was left out; what is one of a few sentences.
func (r *Reader) Leave(what string) {
	for i := range r.left {
		if r.left[i].what == what {
			r.left[i].n++
			return
		}
	}
	if len(r.left) == maxRemarks {
		r.left = append(r.left, remark{what: "something else left out"})
	}
	if len(r.left) > maxRemarks {
		r.left[maxRemarks].n++
		return
	}
	place, _, _ := strings.Cut(r.Problem("").Error(), ": ")
	r.left = append(r.left, remark{what: what, n: 1, first: place})
}

// Notes tells what was left out of the conversations read so far, one sentence
// for each kind, with its number and its first place.
func (r *Reader) Notes() []string {
	var notes []string
	for _, m := range r.left {
		note := m.what
		if m.n > 0 {
			note += ": " + show.Counted(m.n, "time", "times")
		}
		if m.first != "" {
			note += ", first at " + m.first
		}
		notes = append(notes, note)
	}
	return notes
}

// unused counts a key that the format does not have, or that is of no use here.
func (r *Reader) unused(key []byte) {
	r.Leave(fmt.Sprintf("key %s is not used", show.Excerpt(key)))
}

// turn adds a turn.
func (r *Reader) turn() *Turn {
	r.now.Turns = append(r.now.Turns, Turn{})
	return &r.now.Turns[len(r.now.Turns)-1]
}

// object wants an entry to be one.
func object(value []byte, example string) string {
	if jsonscan.IsAt(value, 0, '{') {
		return ""
	}
	return fmt.Sprintf("%s is no entry; it must be an object such as %s", show.Excerpt(value), example)
}

// fields calls f for each member of an object until f says what is wrong.
// Members that are null are as good as none.
func fields(object []byte, f func(key string, value []byte) (what string)) (what string) {
	_, what = jsonscan.EachMember(object, 0, 1, func(rawKey, value []byte, _ int) string {
		if string(value) == "null" {
			return ""
		}
		key, _ := jsonscan.Unquote(rawKey)
		return f(string(key), value)
	})
	return what
}

// maxTokens is the largest number of tokens that a request may name.
const maxTokens = 1_000_000

// tokens reads a number of tokens, which must be whole.
func tokens(key string, value []byte) (n int, what string) {
	if x, ok := jsonscan.Decimal(value, 1); ok && x%10 == 0 && x >= 0 && x <= 10*maxTokens {
		return int(x / 10), ""
	}
	return 0, fmt.Sprintf("%s %s: must be a whole number of tokens from 0 to 1,000,000", key, show.Excerpt(value))
}

// number reads a number in nanoseconds, given in units of 10 to that power.
func number(key string, value []byte, unit int) (n int64, what string) {
	n, ok := jsonscan.Decimal(value, unit)
	if !ok || n == NoTime {
		return 0, fmt.Sprintf("%s %s: must be a number", key, show.Excerpt(value))
	}
	return n, ""
}

// text wants a string, and returns it as JSON.
func text(key string, value []byte) (what string) {
	if s, ok := jsonscan.Unquote(value); !ok {
		return fmt.Sprintf("%s %s: must be a string of valid Unicode", key, show.Excerpt(value))
	} else if file.IsBlank(s) {
		return fmt.Sprintf("%s: an empty prompt; leave the entry out", key)
	}
	return ""
}

// appendMessage appends a message, with a comma if others stand before it.
func appendMessage(out []byte, role string, content []byte) []byte {
	if len(out) > 0 {
		out = append(out, ',')
	}
	out = jsonscan.AppendString(append(out, `{"role":`...), role)
	return append(append(append(out, `,"content":`...), content...), '}')
}
