// Package payloads turns files of JSON into ready-to-send request bodies.
//
// A file is mapped into memory, indexed and checked once, in parallel; from
// then on body number i of a run is a pure function of i ([Set.At]): nothing
// is read, copied or allocated on the way to the wire, and several workers or
// machines that share a ticket counter share one order of bodies.
//
// Because bodies point into mapped files, whoever reads them must be ready
// for a file that is cut short by somebody else meanwhile: see [Fault].
//
// Around a run, [Check] lists what is wrong with files, [Describe] tells what
// is in them, and [Make] makes them from CSV or an example.
package payloads
