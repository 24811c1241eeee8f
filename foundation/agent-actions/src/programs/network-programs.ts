import type { ProgramRule } from './rule.ts';

/** Programs that reach other machines. */
export const networkPrograms: readonly ProgramRule[] = [
  { names: 'ping ping6 traceroute traceroute6 tracepath mtr arping fping', first: 'look-up', operands: 'look-up', options: { text: '-c -i -W -w -t -s -p -I -m -q' } },
  { names: 'dig drill kdig nslookup host delv resolvectl getent dog q', operands: 'look-up', options: { text: '-t -p -c -q -b -k -y', read: '-f' } },
  { names: 'telnet ftp tftp lftp rlogin finger', first: 'send', operands: 'text', options: { script: '-e -c' } },
  { names: 'nmap masscan zmap', operands: 'send', options: { write: '-oN -oX -oG -oA', text: '-p -s -T', execute: '--script' } },
  { names: 'openssl-s_client', operands: 'send' },
  { names: 'mail mailx mutt neomutt s-nail', operands: 'recipient', options: { text: '-s -r', read: '-a -A -i', recipient: '-c -b' } },
  { names: 'sendmail msmtp ssmtp exim exim4 postfix', operands: 'recipient', options: { text: '-f -F -o', read: '-C --file' } },
  { names: 'swaks', operands: 'text', options: { recipient: '-t --to --cc --bcc', send: '-s --server', body: '--body --attach --data' } },
  { names: 'http https httpie xh xhs', classes: [], operands: 'body', first: 'send', options: { write: '-o --output', text: '-a --auth --session' } },
  { names: 'aria2c axel yt-dlp youtube-dl', operands: 'fetch', onDirectory: 'write', options: { write: '-o -d -O --out --dir', read: '-i --input-file --conf-path', script: '--exec --on-download-complete' } },
  { names: 'ngrok cloudflared localtunnel lt bore frpc chisel', operands: 'listen', doubt: 'unknown_until_run', why: 'opens a way in from outside' },
  { names: 'whois', operands: 'look-up', options: { send: '-h --host', text: '-p -i -t -T' } },
  { names: 'mysql mariadb psql pgcli mycli mongosh mongo redis-cli sqlcmd clickhouse-client duckdb cqlsh', operands: 'text', options: { sql: '-e --execute -c --command -Q -q --query --eval', script: '--pager --tee-command', read: '-f --file -i', send: '-h --host --uri', text: '-U -u -d -p -P -D --port --username --dbname --user --database -n', write: '-o --output' }, readsStatements: true },
  { names: 'pg_dump pg_dumpall mysqldump mongodump', operands: 'text', options: { send: '-h --host', write: '-f --file -r --result-file --out', text: '-U -u -d -p -t -n' } },
  { names: 'xmpp-send slackcat slack-cli telegram-send notify-send wall write', operands: 'recipient', options: { text: '-t -u -i' } },
]; // prettier-ignore
