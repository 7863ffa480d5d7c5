package file

// A body's place in its file takes eight bytes: the offset above, the length
// below. These bound both.
const (
	LengthBits = 26
	MaxBody    = 1<<LengthBits - 1      // bytes: 64 MiB, less one
	MaxFile    = 1<<(64-LengthBits) - 1 // bytes: 256 GiB, less one
)
