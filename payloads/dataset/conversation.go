package dataset

import (
	"math"
	"time"
)

// NoTime is the instant of a request of which the file does not say when it came.
const NoTime = math.MinInt64

// Conversation is one entry of a dataset: a request, or several turns in which
// each request is sent once the reply to the one before is in. All of it is
// valid until the reader's next call.
type Conversation struct {
	// ID is the session's, as the file has it; empty without one.
	ID []byte
	// Name tells requests apart in reports: the model of a trace; empty without.
	Name []byte
	// At is when its first request came, in nanoseconds since an instant that is
	// the same for the whole file, or NoTime.
	At int64
	// Turns are at least one.
	Turns []Turn
}

// Turn is one request of a conversation.
type Turn struct {
	// Messages are those that the client adds in this turn: the elements of a
	// list of messages as JSON, with commas between. Nil where Body or
	// InputTokens stand instead. The first turn's include system messages.
	Messages []byte
	// System says that a system message is among the first turn's Messages.
	System bool
	// Answer is the recorded reply, as elements like Messages; nil without one.
	Answer []byte
	// Delay is the wait between the reply of the turn before and this request.
	Delay time.Duration
	// OutputTokens is the limit of tokens of the reply; 0 without one.
	OutputTokens int
	// Extra is a JSON object whose members the body gets; nil without.
	Extra []byte
	// Body is a whole body, sent as it stands; nil without.
	Body []byte

	// InputTokens is the length of a prompt to be made up, where the dataset
	// holds no text; 0 where it does.
	InputTokens int
	// Blocks name the blocks of BlockTokens tokens of which the made-up prompt
	// consists, the last one perhaps shorter: equal numbers are equal text.
	Blocks      []uint64
	BlockTokens int
}
