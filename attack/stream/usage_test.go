package stream

import (
	"math/rand/v2"
	"strings"
	"testing"
)

var replies = []struct {
	name, text     string
	output, prompt int64
}{
	{"chat", `{"id":"1","choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":7,"completion_tokens":12,"total_tokens":19,"completion_tokens_details":{"reasoning_tokens":3,"completion_tokens":99}}}`, 12, 7},
	{"first", `{"usage" : { "output_tokens":2 ,"input_tokens":1}, "choices":[]}`, 2, 1},
	{"embeddings", `{"data":[{"embedding":[0.5,1]}],"usage":{"prompt_tokens":8,"total_tokens":8}}`, -1, 8},
	{"none", `{"predictions":[1,2,3]}`, -1, -1},
	{"said, not stated", `{"choices":[{"message":{"content":"{\"usage\":{\"completion_tokens\":99}} and \\\"usage\":"}}]}`, -1, -1},
	{"a value", `{"a":"usage","usages":{"completion_tokens":1},"my usage":{"completion_tokens":1}}`, -1, -1},
	{"null", `{"usage":null,"x":{"completion_tokens":1}}`, -1, -1},
	{"cut short", `{"usage":{"completion_tokens":1`, -1, -1},
	{"within", `{"predictions":{"usage":{"completion_tokens":4}}}`, 4, -1},
	{"the last one", `{"steps":[{"usage":{"completion_tokens":4}}],"usage":{"completion_tokens":9,"prompt_tokens":1}}`, 9, 1},
	{"one after the other", `{"usage":"usage","usage":{"completion_tokens":3}}`, 3, -1},
	{"names that share a quote", `0"usage"usage":{"prompt_tokens":0}`, -1, -1},
	{"far", `{"usage":{"x":"` + strings.Repeat("y", maxUsage) + `","completion_tokens":3}}`, -1, -1},
	{"long", `{"choices":"` + strings.Repeat(`\"usage`, 20_000) + `","usage":{"completion_tokens":3}}`, 3, -1},
}

func (u *Usage) whole(text string, size func() int) {
	u.Reset()
	for len(text) > 0 {
		n := min(size(), len(text))
		u.Feed([]byte(text[:n]))
		text = text[n:]
	}
	u.End()
}

func TestUsage(t *testing.T) {
	var u Usage // used again, as workers do
	for _, tt := range replies {
		for _, size := range []int{len(tt.text), 1, 2, 3, 5, 7, 8, 61, 4096} {
			u.whole(tt.text, func() int { return size })
			if u.Stated.Output != tt.output || u.Stated.Prompt != tt.prompt {
				t.Errorf("%s in pieces of %d: %d output, %d prompt; want %d and %d", tt.name, size, u.Stated.Output, u.Stated.Prompt, tt.output, tt.prompt)
			}
		}
	}
	text := []byte(replies[0].text)
	if n := testing.AllocsPerRun(20, func() { u.Reset(); u.Feed(text[:50]); u.Feed(text[50:]); u.End() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzUsage: what is found does not depend on how the reply was split.
func FuzzUsage(f *testing.F) {
	for _, r := range replies {
		if len(r.text) < 1<<12 { // the engine cuts what it finds down, byte by byte
			f.Add(r.text, uint64(1))
		}
	}
	var whole, split Usage
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		whole.whole(text, func() int { return len(text) })
		random := rand.New(rand.NewPCG(seed, 0))
		split.whole(text, func() int { return 1 + random.IntN(12) })
		if split.Stated.Output != whole.Stated.Output || split.Stated.Prompt != whole.Stated.Prompt {
			t.Fatalf("whole %d and %d, split %d and %d", whole.Stated.Output, whole.Stated.Prompt, split.Stated.Output, split.Stated.Prompt)
		}
		if cap(split.kept) > 2*maxUsage {
			t.Fatalf("%d bytes held", cap(split.kept))
		}
	})
}

func BenchmarkUsage(b *testing.B) {
	for name, text := range map[string]string{
		"small": `{"predictions":[0.123,0.456]}`,
		"rows":  `{"predictions":[` + strings.Repeat(`{"label":"unusual","score":0.123456789},`, 1600) + `{}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			body := []byte(text)
			var u Usage
			for b.Loop() {
				u.Reset()
				u.Feed(body)
				u.End()
			}
		})
	}
}
