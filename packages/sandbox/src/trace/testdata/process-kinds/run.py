import ctypes, os, subprocess, threading
libc = ctypes.CDLL(None)
worker = threading.Thread(target=lambda: open('/tmp/by-thread', 'w').close())
worker.start()
worker.join()
subprocess.run(['/bin/true'])
if os.fork() == 0:
    if os.fork() == 0:
        os.abort()
    os.wait()
    os._exit(3)
os.wait()
libc.ptrace(0, 0, 0, 0)
libc.unshare(0x10000000)
libc.syscall(425, 1, 0)
os.kill(os.getppid(), 0)
fd = os.memfd_create('payload', 0)
with open('/bin/true', 'rb') as file:
    os.write(fd, file.read())
# A second thread executes: the kernel ends all others and gives it the id of the first.
threading.Thread(target=lambda: os.execve(f'/proc/self/fd/{fd}', ['in-memory', '--quiet'], {})).start()
threading.Event().wait()
