// What fasthttp uses of github.com/molecule-man/go-brrr, but for its compressor, which
// nothing here calls: it alone is more than 1 MB of the program.
module github.com/molecule-man/go-brrr

go 1.26.0

require github.com/andybalholm/brotli v1.2.0
