package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// maxFailures bounds what is kept of a command's failures, in bytes.
const maxFailures = 1 << 20

// The descriptors that await polls.
const (
	pollReady = iota
	pollOut
	pollFails
	pollDead
	pollWake
)

// await passes on what the shell's commands print until the shell has
// answered or has ended; then the frame is the one of its end, or nil. Output
// is complete when await returns: what a command has written is in the pipe
// before its frame is, so as much as is there then belongs to it.
func (s *shell) await(w *watch, sink func([]byte)) (*frame, error) {
	s.failBuf = s.failBuf[:0]
	fds := make([]unix.PollFd, pollWake+1)
	for i, fd := range []int32{int32(s.ready.r), int32(s.out.r), int32(s.fails.r), int32(s.dead.r), w.fd()} {
		fds[i] = unix.PollFd{Fd: fd, Events: unix.POLLIN}
	}
	for {
		timeout, err := w.act(s)
		if err != nil {
			return nil, err
		}
		if _, err := unix.Poll(fds, timeout); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return nil, os.NewSyscallError("poll", err)
		}
		if fds[pollWake].Revents != 0 {
			w.heard(s.chunk)
		}
		if answered, err := s.serve(fds, sink); err != nil {
			return nil, err
		} else if answered {
			f, err := s.lastFrame()
			return f, errors.Join(err, s.drain(sink))
		}
	}
}

// serve reads once from each descriptor that has something, and reports
// whether the shell has answered or ended.
func (s *shell) serve(fds []unix.PollFd, sink func([]byte)) (answered bool, err error) {
	take := func(fd *unix.PollFd, sink func([]byte)) {
		if fd.Revents == 0 || err != nil {
			return
		}
		var n int
		if n, err = read(int(fd.Fd), s.chunk); n > 0 {
			sink(s.chunk[:n])
		} else {
			fd.Fd = -1 // closed, which poll would tell for ever
		}
	}
	take(&fds[pollReady], func([]byte) { answered = true })
	if answered {
		return true, err
	}
	take(&fds[pollOut], sink)
	take(&fds[pollFails], s.noteFailures)
	if fds[pollDead].Revents != 0 {
		s.wait, s.ended = <-s.done, true
	}
	return s.ended, err
}

// lastFrame is what the shell has said last, on whichever way it could.
func (s *shell) lastFrame() (*frame, error) {
	if s.ended {
		data, err := os.ReadFile(s.lost)
		if err == nil {
			err = os.Remove(s.lost)
		}
		if err == nil {
			return parseFrame(data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the shell's answer: %w", err)
		}
	}
	return s.readFrame()
}

// maxState bounds what is taken over of a shell's state, in bytes: it is held
// several times over, by this process and on the disk, and written anew after
// each command that changes it.
const maxState = 16 << 20

// readFrame reads the last frame; nil if there is none.
func (s *shell) readFrame() (*frame, error) {
	info, err := s.frames.Stat()
	if err != nil {
		return nil, fmt.Errorf("the shell's answer: %w", err)
	}
	size := info.Size()
	if size > maxState {
		return s.readHugeFrame(size)
	}
	if int(size) > len(s.answer) {
		s.answer = make([]byte, size)
	}
	n, err := s.frames.ReadAt(s.answer[:size], 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("the shell's answer: %w", err)
	}
	f, err := parseFrame(s.answer[:n])
	if len(s.answer) > usualAnswer<<4 {
		s.answer = make([]byte, usualAnswer)
	}
	return f, err
}

// usualAnswer is enough for most frames.
const usualAnswer = 64 << 10

// readHugeFrame reads what such a frame begins with: how the command has ended
// is known, and where.
func (s *shell) readHugeFrame(size int64) (*frame, error) {
	begin, end := make([]byte, usualAnswer), make([]byte, len(frameEnd))
	_, err1 := s.frames.ReadAt(begin, 0)
	_, err2 := s.frames.ReadAt(end, size-int64(len(end)))
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("the shell's answer: %w", err)
	}
	if string(end) != string(frameEnd) {
		return nil, nil
	}
	f, err := parseHead(begin)
	if f != nil {
		f.size = size
	}
	return f, err
}

func (s *shell) noteFailures(p []byte) {
	if len(s.failBuf) < maxFailures {
		s.failBuf = append(s.failBuf, p...)
	}
}

// drain passes on as much output as is in the pipe now, and no more: a
// background job may go on for ever.
func (s *shell) drain(sink func([]byte)) error {
	return errors.Join(s.empty(s.out.r, sink), s.empty(s.fails.r, s.noteFailures))
}

func (s *shell) empty(fd int, sink func([]byte)) error {
	left, err := buffered(fd)
	for err == nil && left > 0 {
		var n int
		if n, err = read(fd, s.chunk[:min(left, len(s.chunk))]); n == 0 {
			break
		}
		sink(s.chunk[:n])
		left -= n
	}
	return err
}

// linger gives what the shell has started a moment to end by itself, as
// `>(tee log)` does behind the command it serves, and passes on its output.
func (s *shell) linger(d time.Duration, sink func([]byte)) error {
	for limit := time.Now().Add(d); !s.alone() && len(s.family()) > 0 && time.Now().Before(limit); {
		fds := []unix.PollFd{{Fd: int32(s.out.r), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, 2); err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
		if err := s.drain(sink); err != nil {
			return err
		}
	}
	return s.drain(sink)
}
