/**
 * Words that the most used passwords are made of, from the published top lists, in lower case and without digits standing for
 * letters. Not whole passwords: "Password2026!!" and "P4ssw0rd-p4ssw0rd" are of the same word.
 */
export const COMMON_WORDS: readonly string[] = `
  password passwort passw passwd contrasena motdepasse parola senha wachtwoord mima letmein welcome
  willkommen bienvenue iloveyou loveyou woaini tequiero teamo admin administrator root toor user guest login
  signin master secret changeme default access system server test testing demo sample example temp qwerty
  qwertz azerty asdfgh zxcvbn qazwsx qwer asdf zxcv wasd abc abcd xyz monkey dragon sunshine princess
  football baseball basketball soccer hockey superman batman spiderman pokemon starwars naruto shadow
  michael jessica jennifer ashley daniel charlie thomas jordan george andrew nicole robert matthew anthony
  william hunter killer trustno freedom whatever computer internet google facebook samsung microsoft windows
  android iphone summer winter spring autumn january february march april june july august september october
  november december monday tuesday wednesday thursday friday saturday sunday company corporate office
  business customer support service hello flower lovely angel babygirl cookie chocolate cheese banana orange
  pepper ginger purple silver golden mustang ferrari porsche mercedes harley liverpool chelsea arsenal
  barcelona realmadrid juventus yankees cowboys china beijing shanghai london america nihao
`
  .trim()
  .split(/\s+/);
