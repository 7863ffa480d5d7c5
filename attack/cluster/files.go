package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// fileCache keeps files by digest in a directory of this machine.
type fileCache struct {
	js     jetstream.JetStream
	bucket string
	dir    string
	mu     sync.Mutex // one file at a time
}

// fetch gives, by the path that the order names each file by, where it lies here.
func (f *fileCache) fetch(ctx context.Context, files []fileRef, tell func(string)) (map[string]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	paths := map[string]string{}
	for _, ref := range files {
		path, err := f.one(ctx, ref, tell)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref.Path, err)
		}
		paths[ref.Path] = path
	}
	return paths, nil
}

// one fetches one file, unless it is there. The name that it is kept by has the ending
// that tells what it is.
func (f *fileCache) one(ctx context.Context, ref fileRef, tell func(string)) (string, error) {
	if len(ref.Digest) != 2*sha256.Size {
		return "", errors.New("it has no digest")
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(f.dir, ref.Digest+endingOf(ref.Path))
	if have, size, err := digestOf(path); err == nil && have == ref.Digest && size == ref.Size {
		return path, nil
	}
	store, err := f.js.ObjectStore(ctx, f.bucket)
	if err != nil {
		return "", err
	}
	return path, fetchFile(ctx, store, ref, path, tell)
}

// told tells, at each tenth, how much of a file has come.
type told struct {
	io.Reader
	name    string
	size, n int64
	tenths  int64
	tell    func(string)
}

// Read reads on.
func (t *told) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	t.n += int64(n)
	if t.size > 0 && t.n*10/t.size > t.tenths {
		t.tenths = t.n * 10 / t.size
		t.tell(fmt.Sprintf("%s: %d %% fetched", filepath.Base(t.name), t.tenths*10))
	}
	return n, err
}

// endingOf is all of a file's name from its first dot: .jsonl.zst.
func endingOf(path string) string {
	name := filepath.Base(path)
	for i, c := range name {
		if c == '.' && i > 0 {
			return name[i:]
		}
	}
	return ""
}

// digestOf is the SHA-256 of a file, in hex, and its length.
func digestOf(path string) (digest string, size int64, err error) {
	in, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	sum := sha256.New()
	if size, err = io.Copy(sum, in); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}

// refTo is a file of this machine, for others.
func refTo(path string) (fileRef, error) {
	digest, size, err := digestOf(path)
	return fileRef{Path: path, Digest: digest, Size: size}, err
}

// putFiles sees to it that the session's object store has the files.
func putFiles(ctx context.Context, store jetstream.ObjectStore, files []fileRef) error {
	for _, ref := range files {
		if info, err := store.GetInfo(ctx, ref.Digest); err == nil && int64(info.Size) == ref.Size {
			continue
		}
		if err := putFile(ctx, store, ref); err != nil {
			return fmt.Errorf("%s: it cannot be handed to the workers: %w", ref.Path, err)
		}
	}
	return nil
}

func putFile(ctx context.Context, store jetstream.ObjectStore, ref fileRef) error {
	in, err := os.Open(ref.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = store.Put(ctx, jetstream.ObjectMeta{Name: ref.Digest}, in)
	return err
}
