package stream

import "bytes"

// ErrorObject reports whether a body, as a whole, is one JSON object that tells an error
// and no more. The shapes are those of OpenAI, Anthropic and Gemini ({"error":{…}}),
// Databricks ({"error_code","message"}), TGI, Triton and Ollama ({"error":"…"}), older
// vLLM servers ({"object":"error","message"}), and of gateways ({"errors":[…]}). An answer
// of a model that has a member of that name among others is none, nor is one whose error
// is a figure: such as {"error":0.12}.
func ErrorObject(body []byte) bool {
	s := scanner{b: bytes.TrimSpace(body)}
	if !s.enter('{') {
		return false
	}
	told, likely, message := false, false, false // likely is an error once there is a message
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "error":
			if c := s.peek(); c == '"' || c == '{' {
				told = s.tells() || told
			} else {
				likely = s.isTrue() || likely
			}
		case "error_code":
			likely = len(s.word()) > 0 || likely
		case "errors":
			likely = s.peek() == '[' && s.notEmpty() || likely
		case "object":
			likely = string(s.word()) == "error" || likely
		case "message", "error_message", "detail":
			message = s.notEmpty() || message
		case "type", "code", "status", "status_code", "param", "error_type", "details", "request_id", "requestId",
			"id", "trace_id", "timestamp", "path", "success", "stack_trace", "metadata", "created", "model",
			"limit_type", "retry_after", "messages":
			s.skip()
		case "result", "data":
			if s.notEmpty() {
				return false
			}
		default:
			return false // an answer may lie here
		}
	}
	return !s.bad && s.at == len(s.b) && (told || likely && message)
}

// tells reports whether a value is an error told by words: a string that says something,
// or an object with such a string.
func (s *scanner) tells() (told bool) {
	if s.enter('{') {
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "message", "msg", "detail", "reason", "type", "status":
				told = len(s.word()) > 0 || told
			default:
				s.skip()
			}
		}
		return told
	}
	switch string(bytes.ToLower(s.quoted())) {
	case "", "none", "null", "no", "ok", "false", "0", "success":
		return false
	}
	return true
}

// pages are how HTML begins, in lower case.
var pages = [...]string{"<!doctype html", "<html", "<head", "<body", "<title", "<!--"}

// Page reports whether a body is an HTML page, by its beginning.
func Page(body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), blanks)
	for _, begin := range pages {
		if len(body) >= len(begin) && bytes.EqualFold(body[:len(begin)], []byte(begin)) {
			return true
		}
	}
	return false
}

var (
	reasonName  = []byte(`_reason"`)
	geminiName  = []byte(`finishReason"`)
	choicesName = []byte(`"choices"`)
)

// Read finds in the whole body of a reply, which Feed has seen too, why its choices
// ended. Most bodies are of other models, and cost no more than a search.
func (u *Usage) Read(body []byte) {
	if !bytes.Contains(body, reasonName) && !bytes.Contains(body, geminiName) && !bytes.Contains(body, choicesName) {
		return
	}
	f := &u.found
	f.read(body)
	u.Answer = f.dialect != Unknown || len(f.pieces) > 0
	if len(f.pieces) == 0 && f.names.finish != FinishUnknown { // of Anthropic's messages, and others
		f.pieces = append(f.pieces, piece{finish: f.names.finish, ended: true})
	}
	for i := range f.pieces {
		if p := &f.pieces[i]; p.ended {
			u.Answer = true
			u.Finishes[p.finish]++
			if !u.Finish.Failed() {
				u.Finish = p.finish
			}
		}
	}
}
