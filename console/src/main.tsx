import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import '@mantine/dates/styles.css';
import './app/styles.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/queries';
import { resumeSession } from './api/session';
import { App } from './app/app';
import { beginWords } from './words/use-words';

// The page's policy lets in no style sheet but ours and those with this mark.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
setNonce(nonce);
beginWords();
resumeSession().catch(() => window.location.reload());
window.addEventListener('vite:preloadError', () => window.location.reload()); // a newer build is served
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App nonce={nonce} />
  </StrictMode>,
);
export { queryClient };
