package compose

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// Place is where a body stands among those that were made.
type Place struct{ Offset, Length int }

// Maker keeps the bodies that are made of one payload file. It is safe for many
// goroutines.
type Maker struct {
	name string // of the payload file, for people
	dir  string // that the names of files are relative to
	find func(name, path string) string

	mu    sync.Mutex
	spool *file.Spooler // nil before the first one
	files map[fileKey]*madeFile
	// opened are the paths of files that lines name.
	opened map[string]bool
}

// Opened are the paths of the files that lines name, in order.
func (m *Maker) Opened() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.opened))
}

type fileKey struct {
	path   string
	coding Coding
}

// madeFile is a file that is sent, and made only once however many lines name it.
type madeFile struct {
	once  sync.Once
	place Place
	what  string
	err   error
}

// NewMaker makes bodies of the payload file at a path, which the files that it names
// are relative to. find gives where a file of such a name, and of the path that follows
// from it, lies: nil where the path says it.
func NewMaker(name, path string, find func(name, path string) string) *Maker {
	m := &Maker{name: name, find: find, files: map[fileKey]*madeFile{}, opened: map[string]bool{}}
	if path != file.Stdin {
		m.dir = filepath.Dir(path)
	}
	return m
}

// Add keeps a body. No two have the same offset, and none has 0.
func (m *Maker) Add(b []byte) (Place, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spool == nil {
		var err error
		if m.spool, err = file.NewSpooler(m.name); err != nil {
			return Place{}, err
		}
	}
	if _, err := m.spool.Add([]byte{'\n'}); err != nil {
		return Place{}, err
	}
	offset, err := m.spool.Add(b)
	return Place{offset, len(b)}, err
}

// Map gives all bodies as mapped memory; nil where there are none.
func (m *Maker) Map() (*file.Mapping, error) {
	if m.spool == nil {
		return nil, nil
	}
	spool := m.spool
	m.spool = nil
	return spool.Map()
}

// Discard gives everything up. After Map it does nothing.
func (m *Maker) Discard() {
	if m.spool != nil {
		m.spool.Discard()
		m.spool = nil
	}
}

// Composer makes one body after the other; a goroutine has its own.
type Composer struct {
	maker  *Maker
	packer packer
	buf    []byte
}

// NewComposer makes bodies that the maker keeps.
func NewComposer(m *Maker) *Composer { return &Composer{maker: m} }

// JSON compresses a JSON body. what is why it cannot be made; err is for trouble that
// all bodies share.
func (c *Composer) JSON(body []byte, coding Coding) (place Place, what string, err error) {
	return c.plain(body, coding)
}

// Text makes a body of a JSON string's text.
func (c *Composer) Text(value []byte, coding Coding) (place Place, what string, err error) {
	text, ok := jsonscan.Unquote(value)
	if !ok {
		return Place{}, "text: must be a string of valid Unicode", nil
	}
	return c.plain(text, coding)
}

// Base64 makes a body of the bytes that a JSON string has in base64.
func (c *Composer) Base64(value []byte, coding Coding) (place Place, what string, err error) {
	if c.buf, what = appendBase64(c.buf[:0], value); what != "" {
		return Place{}, "base64: " + what, nil
	}
	return c.raw(c.buf, coding)
}

// appendBase64 appends what a JSON string has in base64, of either alphabet, with or
// without padding and line ends.
func appendBase64(out, value []byte) (_ []byte, what string) {
	text, ok := jsonscan.Unquote(value)
	if !ok {
		return out, "must be a string of base64"
	}
	code := strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(strings.TrimRight(string(text), "=\r\n"))
	out, err := base64.RawStdEncoding.AppendDecode(out, []byte(code))
	if err != nil {
		return out, "not base64 (RFC 4648): " + strings.TrimPrefix(err.Error(), "illegal base64 data ")
	}
	return out, ""
}

// File makes a body of the file that a JSON string names, and tells the type of its
// content by its name.
func (c *Composer) File(value []byte, coding Coding) (place Place, contentType, what string, err error) {
	path, ok := jsonscan.Unquote(value)
	if !ok || len(path) == 0 {
		return Place{}, "", "file: must be a string, the name of a file", nil
	}
	key := fileKey{string(path), coding}
	m := c.maker
	m.mu.Lock()
	made := m.files[key]
	if made == nil {
		made = &madeFile{}
		m.files[key] = made
	}
	m.mu.Unlock()
	made.once.Do(func() {
		var b []byte
		if b, made.what = m.read(key.path); made.what == "" {
			made.place, made.what, made.err = c.raw(b, coding)
		}
	})
	return made.place, ContentType(key.path, coding), made.what, made.err
}

// read reads a file that a line names.
func (m *Maker) read(name string) (b []byte, what string) {
	shown, path := show.Excerpt([]byte(name)), name
	if !filepath.IsAbs(path) {
		path = filepath.Join(m.dir, path)
	}
	m.mu.Lock()
	m.opened[path] = true
	m.mu.Unlock()
	if m.find != nil {
		path = m.find(name, path)
	}
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		b, err = io.ReadAll(io.LimitReader(f, file.MaxBody+1))
	}
	switch {
	case err == nil && len(b) > file.MaxBody:
		return nil, fmt.Sprintf("file %s: longer than 64 MiB, which no body may be", shown)
	case err == nil:
		return b, ""
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Sprintf("file %s: no such file; its name counts from the folder of %s", shown, m.name)
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return nil, fmt.Sprintf("file %s: cannot be read: %v", shown, err)
}

// plain keeps a body that is known not to be compressed yet.
func (c *Composer) plain(b []byte, coding Coding) (Place, string, error) {
	switch {
	case coding == "":
	case !coding.known():
		return Place{}, coding.refusal(), nil
	default:
		b = c.packer.pack(b, coding)
	}
	return c.keep(b)
}

// raw keeps bytes that may be compressed already.
func (c *Composer) raw(b []byte, coding Coding) (Place, string, error) {
	if coding.has(b) {
		return c.keep(b)
	}
	return c.plain(b, coding)
}

func (c *Composer) keep(b []byte) (Place, string, error) {
	if len(b) > file.MaxBody {
		return Place{}, fmt.Sprintf("%d bytes; a body may have 67,108,863 (64 MiB less one)", len(b)), nil
	}
	place, err := c.maker.Add(b)
	return place, "", err
}
