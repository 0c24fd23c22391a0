"""The operations of TensorFlow that touch files, run Python or native code, or end the process.

`saved_model` looks for them in graphs, `config` in the layers of old Keras that hold one node. What only computes on
tensors is not here; reading variables and vocabularies of the model's own folder is how a SavedModel loads at all,
so those operations count only where `saved_model` says.
"""

from __future__ import annotations

_UNSAFE = """
PyFunc PyFuncStateless EagerPyFunc
ReadFile WriteFile MatchingFiles WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2
FixedLengthRecordReader FixedLengthRecordReaderV2 TFRecordReader TFRecordReaderV2 LMDBReader
Save SaveSlices Restore RestoreSlice LoadAndRemapMatrix GenerateVocabRemapping
TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 SqlDataset
LMDBDataset ExperimentalLMDBDataset ExperimentalSqlDataset MatchingFilesDataset ExperimentalMatchingFilesDataset
CSVDataset CSVDatasetV2 ExperimentalCSVDataset CacheDataset CacheDatasetV2 SnapshotDataset SnapshotDatasetV2
SnapshotDatasetReader SaveDataset SaveDatasetV2 LoadDataset DatasetToTFRecord ExperimentalDatasetToTFRecord
DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 RegisterDataset RegisterDatasetV2
CreateSummaryFileWriter CreateSummaryDbWriter WriteSummary WriteGraphSummary WriteRawProtoSummary
WriteScalarSummary WriteImageSummary WriteAudioSummary WriteHistogramSummary ImportEvent
DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary
DecodeProtoV2 EncodeProto RpcCall RpcClient RpcServer TryRpc Rpc
CustomCall XlaCustomCallV2 TRTEngineOp InitializeTRTResource CreateTRTResourceHandle RemoteFusedGraphExecute
BigQueryReader CloudBigtableClient KafkaDataset
Abort
"""

UNSAFE_OPERATIONS = frozenset(_UNSAFE.split())
"""Wherever they stand, they need trust."""

CHECKPOINT_OPERATIONS = frozenset({"SaveV2", "RestoreV2", "MergeV2Checkpoints"})
"""They read and write any path they are given; every SavedModel has them in its own save and restore functions."""

TABLE_OPERATIONS = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
"""They read a vocabulary, which lies in the folder's assets."""
