package secret

import (
	"regexp"
	"strings"

	"brunt/payloads/regex"
)

var (
	// suspect are names under which no value is harmless. tokens and max_tokens
	// are counts.
	suspect = regex.Lazy(
		`(?i)auth|cookie|token(?:[^s]|$)|secret|passw|passphrase|^pass$|pwd|credential|signature|(?:^|[-_.])sig(?:$|[-_.])|session|key|csrf|xsrf|jwt|hmac|bearer|(?:^|[-_.])(?:sid|sas|otp|pin|mfa|code)$`,
	)

	// common are values that say nothing by themselves: switches, small numbers
	// with or without a unit, versions, dates, and types and codings of contents.
	common = regex.Lazy(`(?i)^(?:` +
		`true|false|yes|no|on|off|none|null|auto|default|all|any|\*|` +
		`plain|test|dev|debug|prod|production|staging|sync|async|batch|info|` +
		`json|xml|html|text|csv|raw|stream|gzip|br|zstd|deflate|identity|chunked|trailers|close|keep-alive|no-cache|no-store|` +
		`get|head|post|put|patch|delete|http|https|asc|desc|low|medium|high|` +
		`[0-9]{1,5}(?:\.[0-9]{1,5})?(?:ns|us|µs|ms|s|m|h|kb|mb|gb|%)?|` +
		`v?[0-9]{1,4}(?:\.[0-9]{1,5}){0,3}(?:-?(?:alpha|beta|rc|preview)[.-]?[0-9]{0,3})?|` +
		`[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?(?:-?(?:alpha|beta|preview))?|` +
		`(?:application/(?:json|xml|x-ndjson|jsonl|octet-stream|x-www-form-urlencoded)|text/(?:plain|html|csv|event-stream))(?:; ?charset=utf-8)?` +
		`)$`)

	products = regex.Lazy(
		`^(?:(?:[A-Za-z][A-Za-z._-]{0,30}/v?[0-9][0-9A-Za-z.+-]{0,15}|[A-Za-z]{1,16}|\([A-Za-z0-9 ;:,._/+-]{1,100}\))(?: |$))+$`,
	)
	media = regex.Lazy(
		`(?i)^(?:(?:application|audio|font|image|message|model|multipart|text|video|\*)/[a-z0-9.+*-]{1,40}(?: ?; ?(?:q|charset|version|profile|level)=[a-z0-9.-]{1,12})*(?:, ?|$))+$`,
	)
	words = regex.Lazy(`(?i)^(?:(?:[a-z*][a-z-]{0,20}|[a-z-]{1,24}=[0-9]{1,8})(?:;q=[0-9.]{1,5})?(?:, ?|$))+$`)
	hosts = regex.Lazy(
		`(?i)^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?(?::[0-9]{1,5})?$|^\[[0-9a-f:.]+\](?::[0-9]{1,5})?$`,
	)
)

// usual are headers that are sent with every request anywhere, each with the form
// of the values that it then has.
var usual = map[string]func() *regexp.Regexp{
	"accept": media, "content-type": media, "user-agent": products, "host": hosts,
	"accept-encoding": words, "content-encoding": words, "accept-language": words, "content-language": words,
	"accept-charset": words, "cache-control": words, "pragma": words,
}

// Harmless reports whether a value given under that name, as a header's or a
// query's, may be shown and need not be looked for in the texts of others. That
// takes both: a usual header with a usual value, or a name that does not speak of
// a secret with a value such as true, 10, v1, 2024-05-01 or application/json.
func Harmless(name, value string) bool {
	value = strings.TrimSpace(value)
	if value == "" {
		return true
	}
	if form := usual[strings.ToLower(name)]; form != nil && form().MatchString(value) &&
		!strings.ContainsFunc(value, unusual) {
		return !hasRandom(value) || strings.EqualFold(name, "host")
	}
	return !suspect().MatchString(name) && common().MatchString(value)
}

// Suspect reports whether a name speaks of a secret.
func Suspect(name string) bool { return suspect().MatchString(name) }

func unusual(c rune) bool { return c < ' ' || c > '~' }

// hasRandom reports whether a text has a word that looks as if nobody had chosen
// it to be read: long, or letters and digits mixed.
func hasRandom(text string) bool {
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return plain(byte(c)) == 0 || c > '~' }) {
		digits := strings.ContainsAny(word, "0123456789")
		letters := strings.ContainsFunc(word, func(c rune) bool { return c > '9' })
		if len(word) > 20 || len(word) >= 10 && digits && letters {
			return true
		}
	}
	return false
}

// Looks reports whether a word that stands by itself looks like a secret.
func Looks(word string) bool {
	return len(word) >= 16 && !common().MatchString(word) && (hasRandom(word) || !strings.ContainsAny(word, "./\\ "))
}
