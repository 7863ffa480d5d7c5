package attack

import (
	"brunt/attack/cause"
	"brunt/attack/result"
	"brunt/attack/spell"
	"brunt/attack/stream"
)

// maxWhole is the most bytes that are kept of a whole reply to see what it says: errors
// and ordinary answers are shorter.
const maxWhole = 8 << 10

// wholeBody is the beginning of a success's body.
type wholeBody struct {
	body   []byte
	limit  int // 0 where nothing is kept
	length int // of the whole body so far
	json   bool
}

func (w *wholeBody) reset() { w.body, w.limit, w.length, w.json = w.body[:0], 0, 0, false }

// begin readies w for a body of the type.
func (w *wholeBody) begin(contentType []byte) {
	w.reset()
	switch {
	case isOf(contentType, wholeJSON):
		w.limit, w.json = maxWhole, true
	case isOf(contentType, pageHTML), isOf(contentType, pageXHTML):
		w.limit = cause.SampleSize
	}
}

func (w *wholeBody) keeps() bool { return w.limit > 0 }

func (w *wholeBody) keep(p []byte) {
	w.length += len(p)
	if room := w.limit - len(w.body); room > 0 {
		w.body = append(w.body, p[:min(len(p), room)]...)
	}
}

// complete reports whether all of the body is kept.
func (w *wholeBody) complete() bool { return w.length == len(w.body) }

// wholeFault is what is wrong with a success that came whole, as far as its beginning
// tells: an error in the shape of an answer, or a page where a model was asked.
func (r *reply) wholeFault() error {
	w := &r.whole
	switch {
	case !w.keeps():
		return nil
	case r.asksModel() && stream.Page(w.body):
		return answerPage(w.body)
	case !w.json || !w.complete():
		return nil
	case stream.ErrorObject(w.body):
		return answerError(w.body)
	}
	if !r.readsUsage {
		return nil
	}
	r.usage.Read(w.body)
	if r.usage.Finish.Failed() {
		return aborted(r.usage.Finish, w.body, "")
	}
	return nil
}

// asksModel reports whether requests have a body, as those to a model have: to others a
// page is an answer.
func (r *reply) asksModel() bool { return r.run != nil && r.run.payloads.MaxBody() > 0 }

func answerError(body []byte) error {
	return &streamError{result.KindAnswerError, "a success by its status, and an error by its body: " + cause.DescribeBody(body)}
}

func answerPage(body []byte) error {
	return &streamError{result.KindAnswerPage, "a success by its status, and a web page by its body: " + cause.DescribeBody(body)}
}

// aborted is an answer whose finish reason says that it is none; event is what said so,
// and perhaps why, after so much of it.
func aborted(reason stream.FinishReason, event []byte, after string) error {
	text := "the answer ended with the finish reason " + reason.String()
	if after != "" {
		text += ", after " + after
	}
	if why := cause.ErrorMessage(event); why != "" {
		text += ": " + spell.OneLine(why, 200)
	}
	return &streamError{result.KindAnswerAborted, text}
}
