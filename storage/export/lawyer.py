"""What a bundle says of itself to somebody who has never heard of Tocsin: a lawyer, an inspector, a court."""

from __future__ import annotations

README = """\
COPY OF A LOG, made for {name}
Log {stream}, kept by {deployment} with the program Tocsin
(En français : plus bas.)

WHAT THIS IS
While a crisis lasted, a program passed alerts and messages between the partners and
wrote down each thing that happened: who asked, who decided and by which rule, who was
told what and when, who answered. Each of these is an "entry", numbered from 0. This is
a copy of those entries. That this copy was made, for whom and why, is itself an entry.
log.txt lists every entry with what is shown of it, as it was recorded: the names of its
fields and their values. For sentences, ask whoever exported this for the report of the
same log (--format html or pdf).

WHAT IT PROVES
- No entry of this copy was changed, removed, added or moved after the log was signed.
  Each entry is a part of one calculation whose result (checkpoint.txt) was signed.
- What is shown of an entry is what was recorded then. What the reader may not see is
  left out field by field, never by entry: each field that is left out is counted.
- If a partner kept or signed an earlier checkpoint: nothing before it was changed since,
  even by whoever keeps the log. cosigned.jsonl has the checkpoints that partners signed.

WHAT IT DOES NOT PROVE
- That what somebody wrote was true. It proves that they wrote it, and when it was recorded.
- That everything that happened was entered. What was said outside the program is not here.
- The time by itself: times are those of the machine that kept the log.
- If no partner kept or signed a checkpoint, the log rests on the word of whoever
  keeps it: they alone could have made another one. The verifier says which it is.

HOW TO CHECK IT (no network, nothing to install but Python 3.8 or later)
  python3 verify.py BUNDLE.zip        or, unpacked, in this folder:   python3 verify.py
  python3 verify.py BUNDLE.zip --checkpoint FILE     to hold it against one that was kept
It answers "intact", "tampered: entry N", or "incomplete" and what is missing (exit code
0, 1, 2). A file that was cut short on its way is incomplete: ask for it again.
1. Compare the fingerprint of the key that it prints with the one you were given by another way.
2. If you do not trust who gave you this file, do not trust the verify.py in it either:
   take it from another copy, or let an expert read it. It is one file, made to be read.
   "tocsin verify" is a second program, written apart, that must give the same answer.
3. Do not pack the file again: only as it was exported is it the file that was signed for.
4. Keep this file. A later copy of the same log can be held against it.

THE FILES
log.txt every entry with what is shown of it · entries.jsonl the entries, each a
commitment to its fields · disclosures.jsonl what is shown of each · leaves.txt the hash
of each entry · checkpoint.txt size and root of the log, signed · key.txt the key that
signed · keys.jsonl earlier keys, each signing the next · cosigned.jsonl partners'
signatures · manifest.json for whom, by whom, why, what is left out · manifest.sig
its signature · playbooks/ the rules in force (for an auditor only) · verify.py the verifier.

--------------------------------------------------------------------------------------

COPIE D'UN JOURNAL, établie pour {name}
Journal {stream}, tenu par {deployment} avec le programme Tocsin

CE QUE C'EST
Pendant la crise, un programme a transmis alertes et messages entre les partenaires et a
noté chaque fait : qui a demandé, qui a décidé et selon quelle règle, qui a été informé
de quoi et quand, qui a répondu. Chaque fait est une « entrée », numérotée à partir de 0.
Ceci est une copie de ces entrées. Que cette copie a été faite, pour qui et pourquoi, est
aussi une entrée. log.txt énumère chaque entrée avec ce qui en est montré, tel que noté :
les noms de ses champs et leurs valeurs. Pour des phrases, demandez à qui a exporté ce
fichier le rapport du même journal (--format html ou pdf).

CE QUE CELA PROUVE
- Aucune entrée de cette copie n'a été modifiée, retirée, ajoutée ou déplacée depuis que
  le journal a été signé. Chaque entrée compte dans un calcul dont le résultat
  (checkpoint.txt) a été signé.
- Ce qui est montré d'une entrée est ce qui a été noté alors. Ce que le lecteur n'a pas le
  droit de voir est omis champ par champ, jamais par entrée : chaque omission est comptée.
- Si un partenaire a gardé ou signé un point de contrôle antérieur : rien d'antérieur n'a
  été modifié depuis, pas même par celui qui tient le journal (voir cosigned.jsonl).

CE QUE CELA NE PROUVE PAS
- Que ce qui a été écrit était vrai. Il est prouvé que cela a été écrit, et noté quand.
- Que tout ce qui s'est passé a été saisi. Ce qui s'est dit hors du programme n'y est pas.
- L'heure à elle seule : c'est celle de la machine qui tenait le journal.
- Si aucun partenaire n'a gardé ou signé de point de contrôle, le journal repose sur la
  parole de celui qui le tient, qui seul aurait pu en faire un autre. Le vérificateur le dit.

COMMENT LE VÉRIFIER (sans réseau, sans rien installer d'autre que Python 3.8 ou plus)
  python3 verify.py COPIE.zip       ou, décompressé, dans ce dossier :   python3 verify.py
  python3 verify.py COPIE.zip --checkpoint FICHIER    pour comparer à un point gardé
Réponse : « intact », « tampered: entry N » (altéré : entrée N) ou « incomplete »
(incomplet) et ce qui manque (code de sortie 0, 1, 2). Un fichier coupé pendant son
transfert est incomplet : demandez-le à nouveau.
1. Comparez l'empreinte de la clé affichée à celle que l'on vous a donnée par une
   autre voie.
2. Si vous ne vous fiez pas à qui vous a remis ce fichier, ne vous fiez pas non plus au
   verify.py qu'il contient : prenez-le ailleurs, ou faites-le lire par un expert. Il tient
   en un fichier, fait pour être lu. « tocsin verify » est un second programme, écrit à part,
   qui doit donner la même réponse.
3. Ne recompressez pas ce fichier : seul l'original est celui qui a été signé.
4. Gardez ce fichier. Une copie ultérieure du même journal pourra lui être comparée.

LES FICHIERS
log.txt chaque entrée avec ce qui en est montré · entries.jsonl les entrées, chacune un
engagement sur ses champs · disclosures.jsonl ce qui est montré de chacune · leaves.txt
l'empreinte de chaque entrée · checkpoint.txt la taille et la racine du journal, signées ·
key.txt la clé qui a signé · keys.jsonl les clés antérieures, chacune signant la suivante ·
cosigned.jsonl les signatures des partenaires · manifest.json pour qui, par qui, pourquoi,
ce qui est omis · manifest.sig la signature de manifest.json · playbooks/ les règles en
vigueur (pour un auditeur seulement) · verify.py le vérificateur.
"""
