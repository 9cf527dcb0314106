// What each kind of entry is called, which group it is in, and which of its fields tell it in a line (`fields/*`: all of those). A kind that is not here (of a
// newer program) is shown under its own name.

const KINDS = (() => {
  const groups = {
    command: {
      LeadTaken: ["Lead taken", "Direction prise", "tier jurisdiction decides partners basis"],
      LeadOffered: ["Lead offered", "Direction proposée", "offer tier jurisdiction before partners why"],
      LeadOfferEnded: ["Offer of the lead ended", "Proposition de direction close", "offer why partner reason"],
      LeadEnded: ["Lead ended", "Direction terminée", "tier jurisdiction"],
      BriefingGiven: ["Briefing given", "Point de situation donné", "offer partner"],
      DecisionDrafted: ["Decision drafted", "Décision en préparation", "partner person fields/_decision"],
      DecisionTaken: ["Decision taken", "Décision prise", "decision partner person fields/_decision fields/rationale"],
      Objected: ["Objection", "Objection", "about partner person text"],
      DutyShown: ["Legal duty shown", "Obligation légale montrée", "partner rule"],
      DutyConfirmed: ["Legal duty confirmed", "Obligation légale confirmée", "partner person rule"],
      StandInNamed: ["Stand-in named", "Suppléant désigné", "partner person stand_in office instrument"],
    },
    alerts: {
      AlertDrafted: ["Alert drafted", "Alerte en préparation", "draft template partner person fields/*"],
      DraftConfirmed: ["Draft confirmed by a second person", "Projet confirmé par une seconde personne", "draft person"],
      DraftDropped: ["Draft dropped", "Projet abandonné", "draft by"],
      AlertRequested: ["Alert asked for", "Alerte demandée", "request template partner person asked fields/*"],
      AskedToIssue: ["Asked to issue", "Demande d’émettre", "template partner person asked"],
      RequestAnswered: ["Request answered", "Demande traitée", "request partner person answer"],
      AlertIssued: ["Alert issued", "Alerte émise", "alert template partner person confirmed_by fields/*"],
      AlertAddressed: ["Alert addressed", "Alerte adressée", "alert"],
      CopyHeld: ["Copy held back", "Copie retenue", "alert partner field reason"],
      CopyReleased: ["Copy released", "Copie libérée", "alert partner person"],
      CallAsked: ["Told only to ring", "Invité à téléphoner", "alert partner person"],
      AlertSuperseded: ["Alert replaced", "Alerte remplacée", "alert by"],
      AlertCancelled: ["Alert cancelled", "Alerte annulée", "alert partner person text"],
      AlertRetracted: ["Alert taken back", "Alerte retirée", "alert partner person text"],
      AlertExpired: ["Alert expired", "Alerte échue", "alert"],
    },
    answers: {
      Acknowledged: ["Acknowledged", "Accusé de réception", "alert partner person choice via spoke_with"],
      AnswerUndone: ["Answer undone", "Réponse annulée", "alert partner person choice"],
      Escalated: ["Silence followed up", "Silence suivi", "about partner do"],
      PartnerUnreachable: ["Partner cannot be reached", "Partenaire injoignable", "about partner"],
      EscalationStalled: ["Reminders had stopped: set again", "Relances arrêtées : relancées", "about partner"],
      CallTaken: ["Somebody is ringing", "Appel en cours", "about partner person"],
      CallReported: ["Call reported", "Résultat de l’appel", "about partner person reached spoke_with"],
      CheckinStarted: ["Check-in round began", "Tour de situation lancé", "round name why"],
      CheckinAnswered: ["Check-in answered", "Tour de situation : réponse", "round partner person answer words"],
      CheckinOverdue: ["Check-in overdue", "Tour de situation : délai passé", "round"],
      CheckinEnded: ["Check-in round ended", "Tour de situation clos", "round why"],
      RollCallStarted: ["Roll call began", "Appel nominal lancé", "rollcall partner"],
      PersonAccounted: ["Person accounted for", "Personne recensée", "rollcall partner person state words"],
      RollCallEnded: ["Roll call ended", "Appel nominal clos", "rollcall why"],
    },
    course: {
      IncidentOpened: ["Incident opened", "Incident ouvert", "incident title playbook phase partner person"],
      IncidentClosed: ["Incident closed", "Incident clos", "partner person reason"],
      PhaseChanged: ["Phase changed", "Changement de phase", "before phase partner person"],
      DangerDeclared: ["Danger to life declared", "Danger vital déclaré", "partner person reason until"],
      DangerEnded: ["Danger to life ended", "Danger vital levé", "by"],
      NoteAdded: ["Note", "Note", "partner person text"],
      CommandRefused: ["Refused", "Refusé", "partner person command reason"],
      PlaybookProposed: ["New playbook proposed", "Nouveau plan proposé", "playbook version partner person"],
      PlaybookKept: ["Playbook kept", "Plan conservé", "partner person"],
      PlaybookReloaded: ["Playbook changed", "Plan changé", "playbook version proposed_by person"],
      PartnerAdmitted: ["Partner admitted", "Partenaire admis", "partner name kind until person"],
      AdmissionEnded: ["Admission ended", "Admission terminée", "partner by"],
      ReportMade: ["Report made", "Rapport fait", "report partner person"],
      ReportAnswered: ["Report dealt with", "Rapport traité", "report person incident"],
      ExercisePaused: ["Exercise paused", "Exercice suspendu", "by"],
      ExerciseResumed: ["Exercise resumed", "Exercice repris", "person"],
    },
    talk: {
      Said: ["Said", "Dit", "said partner person channels content/words"],
      SaidAnew: ["Said anew", "Reformulé", "said content/words"],
      TakenBack: ["Taken back", "Retiré", "said"],
      ReactedTo: ["Reaction", "Réaction", "said partner person emoji"],
      Voted: ["Vote", "Vote", "said person options"],
      PollClosed: ["Poll closed", "Sondage clos", "said"],
      TalkStopped: ["Channel stopped for a room", "Canal coupé pour un salon", "partner room reason"],
      TalkResumed: ["Channel resumed for a room", "Canal rétabli pour un salon", "partner room"],
      Unread: ["Could not be read", "Illisible", "room"],
    },
    disclosure: {
      Disclosed: ["Shown to a room", "Montré à un salon", "about partner label"],
      LogRead: ["Log read", "Journal consulté", "partner person question reason"],
      Exported: ["Copy of the log made", "Copie du journal établie", "reader by reason form"],
      CheckpointPosted: ["Checkpoint posted", "Point de contrôle publié", "partner room size"],
      CheckpointCosigned: ["Checkpoint signed by a partner", "Point de contrôle signé par un partenaire", "partner size vkey"],
      KeyReplaced: ["Signing key replaced", "Clé de signature remplacée", "by reason new"],
      RollbackFound: ["An older log was put back", "Un journal plus ancien a été remis", "stream size signed"],
      FieldErased: ["A field erased", "Un champ effacé", "entry path by reason basis"],
      PersonErased: ["A person’s data erased", "Données d’une personne effacées", "person by reason basis entries"],
      LogErased: ["Log emptied when its time was over", "Journal vidé à l’échéance", "days by reason upto"],
      HoldPlaced: ["Legal hold placed", "Gel juridique posé", "on by reason"],
      HoldLifted: ["Legal hold lifted", "Gel juridique levé", "on by reason"],
    },
    delivery: {
      MessageSent: ["Sent", "Envoyé", "room"],
      MessageRefused: ["Refused by the network", "Refusé par le réseau", "room reason"],
      MessageUnknown: ["May or may not have arrived", "Arrivée incertaine", "room reason"],
      MessageDropped: ["Not sent", "Non envoyé", "room reason"],
      MessageTracked: ["Message kept in view", "Message suivi", "role about partner"],
      RemovalAsked: ["Removal asked for", "Suppression demandée", "about partner room"],
      MessageRemoved: ["Message removed", "Message supprimé", "room"],
      MessageRemains: ["Could not be removed", "Suppression impossible", "room reason"],
    },
    machine: {
      DeadlinePassed: ["Fell due", "Échéance", "key"],
      DeadlineHeld: ["Held during the pause", "Suspendu pendant la pause", "key"],
      EventFailed: ["A fault of ours", "Défaut de notre part", "error"],
      Started: ["Program started", "Programme démarré", "program"],
      Stopped: ["Program stopped", "Programme arrêté", "reason"],
      RoomBound: ["Room bound", "Salon associé", "partner room by"],
      AliasResolved: ["Room found", "Salon trouvé", "alias room"],
      RoomObserved: ["Room observed", "Salon observé", "room title"],
      RoomMoved: ["Room moved", "Salon déplacé", "old new"],
      RoomLost: ["Room lost", "Salon perdu", "room reason"],
      RoomRegained: ["Room regained", "Salon retrouvé", "room"],
      DirectChatOpened: ["Direct chat opened", "Discussion privée ouverte", "identity room"],
      InvitationMade: ["Invitation made", "Invitation créée", "invitation partner role by"],
      PersonEnrolled: ["Person enrolled", "Personne inscrite", "person name partner role"],
      IdentityJoined: ["Account joined to a person", "Compte joint à une personne", "person identity"],
      IdentityLost: ["Account lost", "Compte perdu", "person identity"],
      PersonRevoked: ["Person revoked", "Personne révoquée", "person by reason"],
      LanguageChosen: ["Language chosen", "Langue choisie", "who language"],
      NetworkLost: ["Network lost", "Réseau perdu", "network reason"],
      NetworkBack: ["Network back", "Réseau rétabli", "network"],
      DutyOffered: ["Duty offered", "Garde proposée", "person partner to"],
      DutyTaken: ["On duty", "Prise de garde", "person partner"],
      DutyLeft: ["Off duty", "Fin de garde", "person partner to"],
      DutyReminded: ["Reminded of a legal duty", "Obligation légale rappelée", "partner rule"],
      ReachTestSent: ["Reachability test", "Test de joignabilité", "test playbook by"],
      ReachTestAnswered: ["Test answered", "Réponse au test", "test partner person"],
      WordsKept: ["Asked what was meant", "Précision demandée", "person text"],
      WordsUsed: ["Meaning given", "Précision donnée", "words"],
    },
  };
  const kinds = new Map();
  for (const [group, members] of Object.entries(groups)) {
    for (const [kind, [en, fr, paths]] of Object.entries(members)) kinds.set(kind, { group, names: [en, fr], paths: paths.split(" ") });
  }
  return kinds;
})();

const GROUPS = ["command", "alerts", "answers", "course", "talk", "disclosure", "delivery", "machine"];

/** The groups that tell the course of events; the others say how the machine carried it out. */
const MAIN = new Set(["command", "alerts", "answers", "course", "talk"]);

/** What is known of a kind, also of one that is not listed. */
function kindOf(type) {
  const name = type.replace(/(?<=[a-z])(?=[A-Z])/g, " ");
  return KINDS.get(type) ?? { group: "course", names: [name, name], paths: ["alert", "about", "partner", "person", "text", "reason"] };
}
