/**
 * Ends a start on a Node older than package.json's `engines` ask for. Imported first, and imports nothing: what is loaded
 * after it may need what such a Node lacks.
 */
const OLDEST = { major: 22, minor: 13 };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
  process.stderr.write(
    `Toolcrib needs Node ${OLDEST.major}.${OLDEST.minor} or newer, and this is ${process.versions.node}. \`npm start\` and ` +
      '`npm run -s toolcrib -- help` run it on the Node 24 that its packages bring, on Linux and Windows\n',
  );
  process.exit(1);
}
